export type { Durability, FileStoreOptions } from './config.js';
export { FileStore } from './store.js';
