# Performs operations of Amazon's SDK for Ruby, its encryption client among them: one JSON request a line on standard
# input, one JSON answer a line on standard output.
require 'aws-sdk-s3'
require 'base64'
require 'json'
require 'openssl'

$stdout.sync = true
@plain = nil
@sealing = nil

def address(at)
  _, bucket, key = at.split('/', 3)
  { bucket: bucket, key: key }
end

def run(name, args)
  case name
  when 'open'
    where = args[0]
    options = {
      endpoint: where['url'], region: where['region'], access_key_id: where['id'],
      secret_access_key: where['secret'], force_path_style: true, retry_limit: 0
    }
    options[:ssl_ca_bundle] = where['certificate'] if where['certificate']
    @plain = Aws::S3::Client.new(options)
    @sealing = Aws::S3::EncryptionV2::Client.new(
      client: @plain, encryption_key: OpenSSL::PKey::RSA.new(2048),
      key_wrap_schema: :rsa_oaep_sha1, content_encryption_schema: :aes_gcm_no_padding,
      security_profile: :v2
    )
    nil
  when 'seal'
    local, at, metadata = args
    File.open(local, 'rb') { |body| @sealing.put_object(**address(at), body: body, metadata: metadata) }
    nil
  when 'unseal'
    at, local = args
    @sealing.get_object(**address(at), response_target: local)
    nil
  when 'put'
    local, at = args
    Aws::S3::Object.new(client: @plain, bucket_name: address(at)[:bucket], key: address(at)[:key]).upload_file(local)
  when 'get'
    at, local = args
    @plain.get_object(**address(at), response_target: local)
    nil
  when 'metadata'
    @plain.head_object(**address(args[0])).metadata.to_h
  when 'copy'
    from, to = args
    @plain.copy_object(**address(to), copy_source: from.delete_prefix('/'))
    nil
  else
    raise "no command #{name}"
  end
end

while (line = $stdin.gets)
  request = JSON.parse(line)
  answer =
    begin
      { value: run(request['do'], request['with']) }
    rescue StandardError => e
      { error: "#{e.class}: #{e.message}" }
    end
  puts JSON.generate(answer)
end
