// Tells the order of system calls: witness.mjs ROOT DURABILITY. Replaces the calls before the store is loaded.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { sep } from 'node:path';

const [root, durability] = process.argv.slice(2);
const told = [];
const place = (path) => {
  const below = String(path).slice(root.length + 1);
  return below.startsWith(`tmp${sep}`) ? 'tmp' : below.replace(/@\d+$/, '@n');
};
const pathOf = (fd) => place(fs.readlinkSync(`/proc/self/fd/${fd}`));
const { fsync, fsyncSync, linkSync, renameSync } = fs;
fs.fsync = (fd, done) => {
  const path = pathOf(fd);
  fsync(fd, (error) => {
    told.push(`synced ${path}`);
    done(error);
  });
};
fs.fsyncSync = (fd) => {
  fsyncSync(fd);
  told.push(`synced ${pathOf(fd)}`);
};
fs.linkSync = (from, to) => {
  linkSync(from, to);
  told.push(`named ${place(to)}`);
};
fs.renameSync = (from, to) => {
  renameSync(from, to);
  told.push(`named ${place(to)}`);
};
syncBuiltinESMExports();

const { FileStore } = await import('@latchkey/store-file');
const store = await FileStore.open({ root, durability, create: true, reserveBytes: 0 });
const report = {};
const watch = async (name, call) => {
  told.length = 0;
  const result = await call();
  report[name] = [...told];
  return result;
};
const stream = async function* () {
  yield Buffer.alloc(3_000_000);
};
await watch('small', () => store.putBlob('b/s/aa/small', Buffer.alloc(10)));
await watch('large', () => store.putBlob('b/s/aa/large', Buffer.alloc(100_000)));
await watch('stream', () => store.putBlob('b/s/aa/stream', stream()));
const etag = await watch('made', () => store.swapRegister('h/abcd', null, Buffer.alloc(10)));
await watch('swapped', () => store.swapRegister('h/abcd', etag, Buffer.alloc(10)));
await watch('together', () =>
  Promise.all(Array.from({ length: 40 }, (_, i) => store.putBlob(`b/s/aa/t${i}`, Buffer.alloc(10)))),
);
await store.close();
console.log(JSON.stringify(report));
