import type { AuthError, ClockEnv, Limits, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Dpop, Proof } from '../Dpop.js'
import type { HttpResponse } from '../Http.js'
import type { Endpoint } from './endpoint.js'
import { signing } from './limits.js'
import type { Answered } from './transfer.js'

/** What is sent with a request, and who is told of the answer. */
export interface Proving {
  readonly headers: ReadonlyArray<readonly [name: string, value: Secret]>
  readonly secrets: ReadonlyArray<Secret>
  readonly onResponse?: (response: HttpResponse) => void
}

/** Nothing is proved. */
export const unproved: Proving = { headers: [], secrets: [] }

/** What a request proves. */
export interface Proves {
  readonly dpop: Dpop
  readonly endpoint: Endpoint
  readonly method: string
  readonly accessToken?: Secret
  /** Whether the request may be sent again, with a nonce that the server gives. */
  readonly again: boolean
}

/** The server has looked at the proof alone, and has consumed nothing (RFC 9449 §8). */
export const isNonceWanted = (error: AuthError): boolean =>
  error._tag === 'Rejected' && O.isSome(error.answer.error) && error.answer.error.value === 'use_dpop_nonce'

/** What an answer says of the nonce of its proof. */
interface Told {
  /** It is new. */
  readonly isNew: boolean
  /** It is wanted, by the challenge: an API has no other place to say so (RFC 9449 §9). */
  readonly isAsked: boolean
}

const provingBy = (proof: Proof, tell: (told: Told) => void): Proving => ({
  headers: [['dpop', proof.jwt]],
  secrets: [proof.jwt],
  onResponse: ({ status, header }) => {
    const isAsked =
      status === 401 && O.exists((challenge: string) => ASKING.test(challenge))(header('www-authenticate'))
    tell({ isNew: proof.answered(header('dpop-nonce')), isAsked })
  },
})

const ASKING = /\berror="?use_dpop_nonce\b/

/** Sends with a fresh proof; once more, with another, where the server wants a nonce of its own in it. */
export const proving =
  ({ dpop, endpoint, method, accessToken, again }: Proves, limits: Required<Limits>, env: ClockEnv) =>
  (send: (by: Proving) => TaskEither<AuthError, Answered>): TaskEither<AuthError, Answered> =>
  async () => {
    let told: Told = { isNew: false, isAsked: false }
    const tell = (what: Told): void => {
      told = what
    }
    const once: TaskEither<AuthError, Answered> = async () => {
      const proof = await signing(env.clock, limits, () =>
        dpop.prove({ method, url: endpoint.url, accessToken }, env),
      )()
      return E.isLeft(proof) ? proof : send(provingBy(proof.right, tell))()
    }
    const first = await once()
    const isWanted = E.isLeft(first) && (told.isAsked || isNonceWanted(first.left))
    return isWanted && again && told.isNew ? once() : first
  }
