/**
 * Developer tokens.
 *
 * @packageDocumentation
 */
import { type ClockEnv, checking, minutes, type PromptEnv, prompt, Strategy } from '@tessera/core'
import { optional, TEXT } from './internal/arguments.js'

/** How long a developer token lives, in ms: 60 minutes, from when Box made it. */
const LIFETIME = minutes(60)

/** The parameters of {@link developerToken}. */
export interface DeveloperTokenOptions {
  /** What the person is asked. Default: `Enter developer token: `. */
  readonly message?: string | undefined
}

/**
 * Asks a person for a developer token, made in Box's developer console: when one is first needed and at each renewal.
 * There is never a refresh token, and nothing to revoke. Box counts the 60 minutes from when it made the token, so the
 * token may end a little sooner than is assumed here; the 401 that follows asks again.
 *
 * Source: Box's guide “Developer tokens”.
 *
 * @example
 * import * as Box from '@tessera/box'
 *
 * assert.strictEqual(Box.developerToken().traits?.interactive, true)
 */
export const developerToken: (options?: DeveloperTokenOptions) => Strategy<PromptEnv & ClockEnv> = checking(
  'Box.developerToken takes { message? }',
  { message: optional(TEXT) },
  Strategy.left,
  ({ message = 'Enter developer token: ' }: DeveloperTokenOptions = {}) => prompt({ message, lifetime: LIFETIME }),
)
