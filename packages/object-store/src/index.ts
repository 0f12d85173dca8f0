export type { ByteRange, ObjectInfo, ObjectStore, ObjectWriter, StoreCapabilities } from './port.ts';
