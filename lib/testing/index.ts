export {
  type InMemoryEvent,
  InMemoryEventStorage,
  type InMemoryTransaction,
} from './in-memory.storage.js';
export {
  type ContractCase,
  type OpenTransaction,
  storageContract,
  type StorageHarness,
} from './storage-contract.js';
export type {
  ConsumerHistory,
  History,
  LoggedEvent,
  Sighting,
  WriterTransaction,
} from './history/history.js';
export { historyViolations } from './history/history-violations.js';
