/**
 * What a process of a fleet over Postgres is told.
 */
import { isRecord } from '../isRecord.js'

/** How a process comes by a token. */
export type MemberWay = 'polling' | 'listening' | 'for update' | 'advisory'

/** Makes a process ready for one round. */
export interface Message {
  readonly key: string
  readonly tokenEndpoint: string
}

/** Comes by the token. */
export type Get = () => Promise<string>

export const isMessage = (value: unknown): value is Message =>
  isRecord(value) && typeof value['key'] === 'string' && typeof value['tokenEndpoint'] === 'string'
