import { AuthError, type Limits, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Parameter } from '../Grant.js'
import type { HttpRequest } from '../Http.js'
import type { TokenEnv } from '../TokenEnv.js'
import type { Authenticate } from './credentials.js'
import type { Endpoint } from './endpoint.js'
import { form, join, repeated, secretsOf } from './form.js'
import { type Answered, transfer } from './transfer.js'

/** One form that a client posts: `parameters`, its authentication, `further`. */
export interface Post {
  readonly parameters: ReadonlyArray<Parameter>
  readonly further: ReadonlyArray<Parameter>
  readonly repeatable: boolean
}

const HEADERS: HttpRequest['headers'] = [
  ['content-type', 'application/x-www-form-urlencoded'],
  ['accept', 'application/json'],
  ['accept-encoding', 'identity'],
]

/** Posts forms to one endpoint, as one client. */
export const post =
  (endpoint: E.Either<AuthError, Endpoint>, authenticate: Authenticate) =>
  ({ parameters, further, repeatable }: Post) =>
  (limits: Required<Limits>) =>
  (env: TokenEnv): TaskEither<AuthError, Answered> =>
  async () => {
    if (E.isLeft(endpoint)) return endpoint
    const made = await authenticate(endpoint.right.url, limits, env)()
    if (E.isLeft(made)) return made
    const credentials = made.right
    const body = join(form(parameters), credentials.form, form(further))
    const twice = repeated(body)
    if (O.isSome(twice)) return E.left(AuthError.misconfigured('parameters', `there is more than one ${twice.value}`))
    return transfer(
      {
        endpoint: endpoint.right,
        method: 'POST',
        headers: credentials.headers.length === 0 ? HEADERS : [...HEADERS, ...credentials.headers],
        body: O.some(Secret.make('Body', body)),
        secrets: [...secretsOf(parameters), ...credentials.secrets, ...secretsOf(further)],
        repeatable,
      },
      limits,
      env,
    )()
  }
