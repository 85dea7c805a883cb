import { createHash } from 'node:crypto'

/** A key as telemetry shows it: the beginning of its SHA-256. Keys name people; who knows a name finds its hash. */
export const keyHash = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 16)
