export { checkRange, checkRegisterSize } from './arguments.js';
export { type CacheOptions, CachingStore } from './decorators/caching.js';
export {
  type Fault,
  type FaultOptions,
  type FaultPoint,
  type FaultRates,
  FaultyStore,
} from './decorators/faults.js';
export { ForwardingStore } from './decorators/forwarding.js';
export { LimitedStore } from './decorators/limit.js';
export { type StoreLogEntry, withLogging } from './decorators/logging.js';
export { MeteredStore, type MethodCount, type StoreCounts } from './decorators/metrics.js';
export { ObservedStore, type StoreCall, type StoreMethod } from './decorators/observed.js';
export { seededRandom } from './decorators/random.js';
export { RetryingStore, type RetryOptions } from './decorators/retry.js';
export { isStoreError, STORE_ERROR_CODES, StoreError, type StoreErrorCode } from './errors.js';
export { MAX_KEY_BYTES, storeKey, storePrefix } from './keys.js';
export { type MemorySnapshot, MemoryStore, type MemoryStoreOptions } from './memory.js';
export {
  type ByteRange,
  type ETag,
  type FreeSpace,
  type ListedObject,
  MAX_REGISTER_BYTES,
  type RegisterState,
  type Store,
  type StoreCapabilities,
  type StoreKey,
  type SwapOptions,
} from './store.js';
