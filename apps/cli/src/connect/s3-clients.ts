import { type ClientSettings, type Endpoint, type S3Access, shellQuoted } from './endpoint.js';

const SECRET_STEP = 'the settings hold a secret: chmod 600 the file they are in';
const CERTIFICATE_STEP =
  'trust the server: latchkey connect certificate > latchkey.pem, and compare its fingerprint with the one that latchkey serve prints';
const PEM = 'latchkey.pem';

/** `chosen` where the client has to be told what to trust, because the server signed its certificate itself. */
function trusting<T>({ certificate }: Endpoint, chosen: T): T[] {
  return certificate === undefined ? [] : [chosen];
}

function steps(endpoint: Endpoint, first: string, ...rest: readonly string[]): string[] {
  const place = 'work in the folder of latchkey.pem, or write its absolute path instead';
  return [first, SECRET_STEP, ...trusting(endpoint, [CERTIFICATE_STEP, place]).flat(), ...rest];
}

/** The server and the key. Throws when the endpoint was made for another protocol. */
function accessOf({ s3 }: Endpoint): S3Access {
  if (s3 === undefined) throw new RangeError('the endpoint has no access key');
  return s3;
}

/** Variables that Amazon's own libraries, and all that are built on them, look at. */
function variables({ id, secret, region }: S3Access): string[] {
  return [
    `export AWS_ACCESS_KEY_ID=${id}`,
    `export AWS_SECRET_ACCESS_KEY=${secret}`,
    `export AWS_DEFAULT_REGION=${region}`,
  ];
}

export function aws(endpoint: Endpoint): ClientSettings {
  const { url, region, id, secret } = accessOf(endpoint);
  const lines = [
    '[profile latchkey]',
    `endpoint_url = ${url}`,
    `region = ${region}`,
    `aws_access_key_id = ${id}`,
    `aws_secret_access_key = ${secret}`,
    ...trusting(endpoint, `ca_bundle = ${PEM}`),
    's3 =',
    '  addressing_style = path',
    // For links: by themselves they sign them by version 2 in this region.
    '  signature_version = s3v4',
  ];
  return {
    settings: lines.join('\n'),
    steps: steps(
      endpoint,
      'append this to ~/.aws/config',
      'aws --profile latchkey s3 mb s3://BUCKET',
      'aws --profile latchkey s3 sync FOLDER s3://BUCKET/FOLDER',
      `AWS CLI before 2.13 does not know endpoint_url: add --endpoint-url ${url} to each command`,
    ),
  };
}

export function boto3(endpoint: Endpoint): ClientSettings {
  const { url, region, id, secret } = accessOf(endpoint);
  const lines = [
    'import boto3',
    'from botocore.config import Config',
    '',
    's3 = boto3.client(',
    '    "s3",',
    `    endpoint_url="${url}",`,
    `    region_name="${region}",`,
    `    aws_access_key_id="${id}",`,
    `    aws_secret_access_key="${secret}",`,
    ...trusting(endpoint, `    verify="${PEM}",`),
    '    config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),',
    ')',
  ];
  return { settings: lines.join('\n'), steps: steps(endpoint, 'begin a program with this') };
}

export function awsSdkJs(endpoint: Endpoint): ClientSettings {
  const { url, region, id, secret } = accessOf(endpoint);
  const lines = [
    "import { S3Client } from '@aws-sdk/client-s3';",
    '',
    'const s3 = new S3Client({',
    `  endpoint: '${url}',`,
    `  region: '${region}',`,
    '  forcePathStyle: true,',
    `  credentials: { accessKeyId: '${id}', secretAccessKey: '${secret}' },`,
    '});',
  ];
  const first = 'begin a program with this';
  return {
    settings: lines.join('\n'),
    steps: steps(endpoint, first, ...trusting(endpoint, `NODE_EXTRA_CA_CERTS=${PEM} node PROGRAM`)),
  };
}

export function rclone(endpoint: Endpoint): ClientSettings {
  const { url, region, id, secret } = accessOf(endpoint);
  const lines = [
    '[latchkey-s3]',
    'type = s3',
    'provider = Other',
    `endpoint = ${url}`,
    `region = ${region}`,
    `access_key_id = ${id}`,
    `secret_access_key = ${secret}`,
    'force_path_style = true',
  ];
  const trust = trusting(endpoint, `--ca-cert ${PEM} `).join('');
  return {
    settings: lines.join('\n'),
    steps: steps(
      endpoint,
      'append this to the file that `rclone config file` names',
      `rclone copy ${trust}FOLDER latchkey-s3:BUCKET/FOLDER`,
    ),
  };
}

export function s3cmd(endpoint: Endpoint): ClientSettings {
  const { url, region, id, secret } = accessOf(endpoint);
  const { host, protocol } = new URL(url);
  const lines = [
    '[default]',
    `access_key = ${id}`,
    `secret_key = ${secret}`,
    `host_base = ${host}`,
    // Without %(bucket)s: the bucket is in the path.
    `host_bucket = ${host}`,
    `bucket_location = ${region}`,
    `use_https = ${protocol === 'https:' ? 'True' : 'False'}`,
    ...trusting(endpoint, `ca_certs_file = ${PEM}`),
  ];
  return {
    settings: lines.join('\n'),
    steps: steps(
      endpoint,
      'save this as latchkey.s3cfg',
      's3cmd -c latchkey.s3cfg put FILE s3://BUCKET/FILE',
    ),
  };
}

export function restic(endpoint: Endpoint): ClientSettings {
  const access = accessOf(endpoint);
  const lines = [...variables(access), `export RESTIC_REPOSITORY=s3:${access.url}/BUCKET/restic`];
  const trust = trusting(endpoint, `--cacert ${PEM} `).join('');
  return {
    settings: lines.join('\n'),
    steps: steps(
      endpoint,
      'save this as latchkey.sh, with the name of a BUCKET, and: . ./latchkey.sh',
      `restic ${trust}init`,
      `restic ${trust}backup FOLDER`,
    ),
  };
}

export function duplicity(endpoint: Endpoint): ClientSettings {
  const access = accessOf(endpoint);
  const bundle = trusting(endpoint, `export AWS_CA_BUNDLE=${PEM}`);
  const lines = [
    ...variables(access),
    ...bundle,
    `duplicity --s3-endpoint-url ${access.url} --s3-region-name ${access.region} FOLDER boto3+s3://BUCKET/FOLDER`,
  ];
  return {
    settings: lines.join('\n'),
    steps: steps(endpoint, 'put these lines into a script, with a FOLDER and a BUCKET'),
  };
}

export function s3fs(endpoint: Endpoint): ClientSettings {
  const { url, region, id, secret } = accessOf(endpoint);
  const trust = trusting(endpoint, `CURL_CA_BUNDLE=${PEM} `).join('');
  const options = `url=${url},endpoint=${region},use_path_request_style,passwd_file="$HOME/.passwd-latchkey"`;
  return {
    settings: `(umask 077; echo ${id}:${secret} > ~/.passwd-latchkey)\n${trust}s3fs BUCKET "$HOME/latchkey" -o ${options}`,
    steps: steps(
      endpoint,
      'mkdir ~/latchkey, then run these lines with the name of a BUCKET',
      'fusermount -u ~/latchkey to unmount',
    ),
  };
}

export function mc(endpoint: Endpoint): ClientSettings {
  const { url, id, secret } = accessOf(endpoint);
  const trust = trusting(
    endpoint,
    'copy latchkey.pem to ~/.mc/certs/CAs/ for the client to trust the server',
  );
  return {
    settings: `mc alias set latchkey ${shellQuoted(url)} ${id} ${secret} --api S3v4 --path on`,
    steps: [
      ...trusting(endpoint, CERTIFICATE_STEP),
      ...trust,
      'run this line, once',
      'mc cp FILE latchkey/BUCKET/',
    ],
  };
}

/** A program with windows: what its fields ask for. */
export function cyberduck(endpoint: Endpoint): ClientSettings {
  const { url, id, secret } = accessOf(endpoint);
  const { hostname, port, protocol } = new URL(url);
  const profile = protocol === 'https:' ? 'S3 (Deprecated path style requests)' : 'S3 (HTTP)';
  const lines = [
    `Connection profile: ${profile}`,
    `Server:             ${hostname}`,
    `Port:               ${port}`,
    `Access Key ID:      ${id}`,
    `Secret Access Key:  ${secret}`,
  ];
  return {
    settings: lines.join('\n'),
    steps: [
      'in Cyberduck: Preferences, Profiles, switch this profile on; then Open Connection with these fields',
      ...trusting(
        endpoint,
        'compare the SHA-256 fingerprint that Cyberduck shows with the one that latchkey serve prints',
      ),
    ],
  };
}
