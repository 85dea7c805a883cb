/**
 * What a process of a fleet is told.
 */
import { isRecord } from '../isRecord.js'

export const WAYS = [
  'floor',
  'limit',
  'tessera',
  'tessera, at its first use',
  'redlock',
  'redlock, retry 5 ms',
  'redis-semaphore',
] as const

/** How a process comes by a token. */
export type Way = (typeof WAYS)[number]

/** Makes a process ready for one round. */
export interface Message {
  readonly way: Way
  /** Which of the processes it is. */
  readonly number: number
  readonly key: string
  readonly tokenEndpoint: string
}

/** A token as the applications save it that have no library for that. */
export interface Saved {
  readonly access: string
  readonly refresh: string
  readonly expiresAt: number
}

export const isMessage = (value: unknown): value is Message => isRecord(value) && 'way' in value
