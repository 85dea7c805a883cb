/**
 * The token store over the files of a folder.
 *
 * @packageDocumentation
 */
export { type FileStore, type FileStoreConfig, fileStore, type SessionFile } from './fileStore.js'
