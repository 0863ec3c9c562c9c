// ftp-srv as it is, for tests that show what it does. Prints its port, and how many handlers of SIGTERM it has installed.
import { FtpSrv } from 'ftp-srv';

const [root, options] = [process.argv[2], JSON.parse(process.argv[3] ?? '{}')];
const silent = { child: () => silent, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const before = process.listenerCount('SIGTERM');
const server = new FtpSrv({ url: 'ftp://127.0.0.1:0', pasv_url: '127.0.0.1', log: silent, ...options });
const handlers = process.listenerCount('SIGTERM') - before;
server.on('login', ({ password }, resolve, reject) => {
  if (password === 'correct horse') resolve({ root });
  else reject(new Error('wrong'));
});
await server.listen();
process.stdout.write(`${JSON.stringify({ port: server.server.address().port, handlers })}\n`);
