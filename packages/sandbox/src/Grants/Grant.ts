import type { Answer, Refusal } from '../Answer.js'
import { refusal } from '../Answer.js'
import type { Registration } from '../Client.js'
import type { Form } from '../Form.js'
import { fail, type Result } from '../Result.js'
import type { World } from '../World.js'

/**
 * One grant: what the token endpoint does for one `grant_type`, once the request is well formed and the client is known.
 * It runs to its end without a pause, so no two requests ever interleave inside it.
 */
export type Grant = (world: World, form: Form, asker: Registration) => Result<Refusal, Answer>

export const invalidGrant = (description: string): Result<Refusal, never> => fail(refusal('invalid_grant', description))

export const missing = (name: string): Result<Refusal, never> =>
  fail(refusal('invalid_request', `The ${name} is missing`))
