import { type AuthError, type Limits, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Dpop } from '../Dpop.js'
import type { Parameter } from '../Grant.js'
import type { HttpRequest } from '../Http.js'
import type { TokenEnv } from '../TokenEnv.js'
import type { Authenticate, Credentials } from './credentials.js'
import type { Endpoint } from './endpoint.js'
import { form, json, secretsOf } from './form.js'
import { type Proving, proving, unproved } from './proving.js'
import { type Answered, type Transfer, transfer } from './transfer.js'

/** What a client sends: `parameters`, its authentication, `further`. */
export interface Post {
  readonly parameters: ReadonlyArray<Parameter>
  readonly further: ReadonlyArray<Parameter>
  readonly repeatable: boolean
  /** Default: `POST`. */
  readonly method?: 'POST' | 'DELETE'
  /** How it is written. Default: `form`. */
  readonly as?: 'form' | 'json'
  /** Whether it may be sent again where the server wants a nonce in the proof. Default: true. */
  readonly again?: boolean
}

type Answering = TaskEither<AuthError, Answered>

const headersOf = (type: string): HttpRequest['headers'] => [
  ['content-type', type],
  ['accept', 'application/json'],
  ['accept-encoding', 'identity'],
]

const WRITTEN = {
  form: { headers: headersOf('application/x-www-form-urlencoded'), write: form },
  json: { headers: headersOf('application/json'), write: json },
}

/** Sends to one endpoint, as one client, with proofs if it has any. What is the same for each request is written once. */
export const post =
  (endpoint: E.Either<AuthError, Endpoint>, authenticate: Authenticate, dpop?: Dpop) =>
  ({
    parameters,
    further,
    repeatable,
    method = 'POST',
    as = 'form',
    again = true,
  }: Post): ((limits: Required<Limits>) => (env: TokenEnv) => Answering) => {
    const transferOf =
      (to: Endpoint) =>
      (credentials: Credentials): E.Either<AuthError, Transfer> => {
        const all = [...parameters, ...credentials.parameters, ...further]
        const { headers, write } = WRITTEN[as]
        return pipe(
          write(all),
          E.map((body) => ({
            endpoint: to,
            method,
            headers: [...headers, ...credentials.headers],
            body: O.some(Secret.make('Body', body)),
            secrets: [...credentials.secrets, ...secretsOf(all)],
            repeatable,
          })),
        )
      }
    if (E.isLeft(endpoint)) return () => () => async () => endpoint
    const prepare = transferOf(endpoint.right)
    const sendBy = sending(endpoint.right, authenticate, prepare)
    if (dpop === undefined) return (limits) => (env) => sendBy(limits, env)(unproved)
    const proves = { dpop, endpoint: endpoint.right, method, again }
    return (limits) => (env) => proving(proves, limits, env)(sendBy(limits, env))
  }

type Prepare = (credentials: Credentials) => E.Either<AuthError, Transfer>

/** Sends once: by credentials that are always the same, or by new ones. */
const sending = (
  { url }: Endpoint,
  authenticate: Authenticate,
  prepare: Prepare,
): ((limits: Required<Limits>, env: TokenEnv) => (by: Proving) => Answering) => {
  const send = (limits: Required<Limits>, env: TokenEnv, by: Proving) => (prepared: Transfer) =>
    transfer(
      by === unproved
        ? prepared
        : {
            ...prepared,
            headers: [...prepared.headers, ...by.headers],
            secrets: [...prepared.secrets, ...by.secrets],
            onResponse: by.onResponse,
          },
      limits,
      env,
    )
  switch (authenticate._tag) {
    case 'Always': {
      const prepared = pipe(authenticate.credentials, E.flatMap(prepare))
      return (limits, env) => (by) =>
        E.isLeft(prepared) ? async () => prepared : send(limits, env, by)(prepared.right)
    }
    case 'Each':
      return (limits, env) => (by) => async () => {
        const prepared = pipe(await authenticate.make(url, limits, env)(), E.flatMap(prepare))
        return E.isLeft(prepared) ? prepared : send(limits, env, by)(prepared.right)()
      }
  }
}
