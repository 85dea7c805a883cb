/**
 * What the grants need of their environment.
 *
 * @packageDocumentation
 */
import type { ClockEnv, RandomEnv } from '@tessera/core'
import type { HttpEnv } from './Http.js'

/** HTTP, the time, and randomness for assertions. */
export type TokenEnv = HttpEnv & ClockEnv & RandomEnv
