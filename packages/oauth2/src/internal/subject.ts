import type { AuthError, Limits, Secret } from '@tessera/core'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { SubjectToken } from '../SubjectToken.js'
import type { TokenEnv } from '../TokenEnv.js'
import { bounded } from './limits.js'

const within = bounded('a subject token', 'subject token')

/** A subject token within the limits. */
export const readSubject = (
  read: SubjectToken,
  limits: Required<Limits>,
  env: TokenEnv,
): TaskEither<AuthError, Secret> => within(env.clock, limits, () => read(limits)(env))
