/** A model of the seed's `OAuth2`, and of what its subclasses override. */
import { randomInt } from 'node:crypto'
import { Secret } from '@tessera/core'
import type { Client } from '@tessera/oauth2'
import * as O from 'fp-ts/lib/Option.js'
import { type Answer, jsonOf, makeSession, type SeedError, type Session, seedError, textOf } from './session.js'

/** An access token and a refresh token, either of which may be missing. */
export type Pair = readonly [access: string | null, refresh: string | null]

export const NONE: Pair = [null, null]

/** Anything that lets one in at a time. */
export type Lock = <A>(use: () => Promise<A>) => Promise<A>

export const makeLock = (): Lock => {
  let last: Promise<unknown> = Promise.resolve()
  return (use) => {
    const turn = last.then(use)
    last = turn.catch(() => undefined)
    return turn
  }
}

export interface OAuth2Options {
  readonly client: Client
  readonly storeTokens?: (pair: Pair) => Promise<void> | void
  readonly accessToken?: string
  readonly refreshToken?: string
  readonly session?: Session
  readonly refreshLock?: Lock
  readonly deviceId?: string
  /** What a subclass puts in the place of the base's own. */
  readonly override?: Partial<Overridden>
}

interface Overridden {
  readonly getTokens: () => Promise<Pair>
  readonly refreshWith: (stale: string | null, base: OAuth2) => Promise<Pair>
  readonly storeTokens: (pair: Pair) => Promise<void>
}

export interface OAuth2 {
  readonly session: Session
  readonly accessToken: () => string | null
  readonly pair: () => Pair
  readonly update: (pair: Pair) => void
  readonly getAuthorizationUrl: (redirectUrl?: string) => readonly [url: string, state: string]
  readonly authenticate: (code: string) => Promise<Pair>
  readonly refresh: (stale: string | null) => Promise<Pair>
  readonly sendTokenRequest: (data: Readonly<Record<string, string>>, expectRefreshToken?: boolean) => Promise<Pair>
  readonly revoke: () => Promise<void>
  readonly close: (revoke?: boolean) => Promise<void>
  readonly closed: () => boolean
  readonly credentials: Readonly<Record<'client_id' | 'client_secret', string>>
  readonly device: Readonly<Record<string, string>>
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
export const letters = (count: number): string =>
  Array.from({ length: count }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')

const urlOf = (endpoint: O.Option<string>): string => (O.isSome(endpoint) ? endpoint.value : '')

/** An error of the token endpoint, of which only Box's general form is read. */
const oauthError = (answer: Answer): SeedError => {
  const json = jsonOf(answer)
  return seedError('BoxOAuthException', `status ${answer.status}`, {
    status: answer.status,
    code: json === undefined ? null : textOf(json['code']),
    said: json === undefined ? answer.text : textOf(json['message']),
    answer,
  })
}

const isSeedError = (error: unknown): error is SeedError => error instanceof Error && 'answer' in error

/** What the session raised, as an error of the token endpoint. */
const asOAuth = (error: unknown): never => {
  throw isSeedError(error) && error.answer !== undefined ? oauthError(error.answer) : error
}

export const makeOAuth2 = ({
  client,
  storeTokens,
  accessToken,
  refreshToken,
  session = makeSession(),
  refreshLock = makeLock(),
  deviceId = '0',
  override = {},
}: OAuth2Options): OAuth2 => {
  const { server, authentication } = client
  const secret = authentication._tag === 'Post' ? Secret.open(authentication.secret) : ''
  const credentials = { client_id: client.id, client_secret: secret }
  const device = deviceId === '' ? {} : { box_device_id: deviceId }
  let pair: Pair = [accessToken ?? null, refreshToken ?? null]
  let isClosed = false

  const checkClosed = (): void => {
    if (isClosed) throw seedError('ValueError', 'operation on a closed auth object')
  }

  const store =
    override.storeTokens ??
    (async (next: Pair) => {
      pair = next
      await storeTokens?.(next)
    })

  const current = async (): Promise<Pair> => {
    pair = await (override.getTokens ?? (async () => pair))()
    return pair
  }

  const self: OAuth2 = {
    session,
    credentials,
    device,
    pair: () => pair,
    update: (next) => {
      pair = next
    },
    accessToken: () => pair[0],
    closed: () => isClosed,

    getAuthorizationUrl: (redirectUrl) => {
      const state = `box_csrf_token_${letters(16)}`
      const query = new URLSearchParams([
        ['state', state],
        ['response_type', 'code'],
        ['client_id', client.id],
        ...(redirectUrl === undefined ? [] : [['redirect_uri', redirectUrl]]),
      ])
      return [`${urlOf(server.authorizationEndpoint)}?${query}`, state]
    },

    authenticate: (code) =>
      self.sendTokenRequest({ grant_type: 'authorization_code', code, ...credentials, ...device }),

    refresh: (stale) => {
      checkClosed()
      return refreshLock(async () => {
        checkClosed()
        const [access] = await current()
        if (access !== null && access !== stale) return pair
        if (override.refreshWith !== undefined) return override.refreshWith(stale, self)
        const refresh_token = pair[1] ?? ''
        return self.sendTokenRequest({ grant_type: 'refresh_token', refresh_token, ...credentials, ...device })
      })
    },

    sendTokenRequest: async (data, expectRefreshToken = true) => {
      checkClosed()
      const answer = await session.request({ method: 'POST', url: server.tokenEndpoint, data }).catch(asOAuth)
      const json = jsonOf(answer) ?? {}
      const access = textOf(json['access_token'])
      const refresh = textOf(json['refresh_token'])
      if (access === null || (expectRefreshToken && refresh === null)) throw oauthError(answer)
      await store([access, refresh])
      return pair
    },

    revoke: () =>
      refreshLock(async () => {
        const [access, refresh] = await current()
        const token = access ?? refresh
        if (token === null) return
        await session
          .request({ method: 'POST', url: urlOf(server.revocationEndpoint), data: { ...credentials, token } })
          .catch(asOAuth)
        await store(NONE)
      }),

    close: async (revoke = true) => {
      isClosed = true
      if (revoke) await self.revoke()
    },
  }
  return self
}

// -----------------------------------------------------------------------------
// the API session and the client over it
// -----------------------------------------------------------------------------

/** Calls the API: a missing token is acquired first, a 401 is answered by one renewal and one call more. */
export const authorized =
  (auth: OAuth2) =>
  async (url: string, data?: Readonly<Record<string, string | null>>): Promise<number> => {
    const call = async (token: string | null): Promise<number> => {
      const headers = { Authorization: `Bearer ${token ?? 'None'}` }
      return auth.session
        .request({ method: data === undefined ? 'GET' : 'POST', url, headers, ...(data !== undefined && { data }) })
        .then(
          ({ status }) => status,
          (error: unknown) => (isSeedError(error) ? (error.status ?? 0) : Promise.reject(error)),
        )
    }
    const used = auth.accessToken() ?? (await auth.refresh(null))[0]
    const status = await call(used)
    return status === 401 ? call((await auth.refresh(used))[0]) : status
  }

/** `Client.downscope_token`: the subject is read once, before the call that may renew it. */
export const downscope =
  (auth: OAuth2, tokenEndpoint: string) =>
  (scope: string): Promise<number> =>
    authorized(auth)(tokenEndpoint, {
      subject_token: auth.accessToken(),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope,
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    })
