/** A modelled provider: people who consent, codes of single use, PKCE, rotation, and revocation. */
import { createHash, randomBytes } from 'node:crypto'
import { Secret } from '@tessera/core'
import type { HttpEnv, HttpRequest, HttpResponse } from '@tessera/oauth2'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

export interface Provider extends HttpEnv {
  /** A person consents at a URL; where the browser goes then. */
  readonly consent: (url: string, person: string) => string
  /** Ends every grant of a person. */
  readonly forget: (person: string) => void
  readonly requests: () => ReadonlyArray<string>
  readonly isLive: (person: string) => boolean
  /** What a refresh token is worth for the next requests. */
  down: boolean
}

interface Code {
  readonly person: string
  readonly challenge: string
  readonly nonce: string | null
  readonly redirectUri: string
}

export const ISSUER = 'https://as.example'
export const CLIENT_ID = 'app'

const fresh = (kind: string): string => `${kind}-${randomBytes(16).toString('hex')}`

export const makeProvider = (now: () => number, issuer = ISSUER): Provider => {
  const codes = new Map<string, Code>()
  const grants = new Map<string, string>()
  const requests: Array<string> = []

  const idToken = ({ person, nonce }: Code): string => {
    const at = Math.floor(now() / 1_000)
    const claims = { iss: issuer, sub: person, sid: `sid of ${person}`, aud: CLIENT_ID, iat: at, exp: at + 300, nonce }
    return ['{"alg":"RS256"}', JSON.stringify(claims), 'none']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.')
  }

  const tokens = (person: string, more: object = {}) => {
    const refreshToken = fresh('refresh')
    grants.set(refreshToken, person)
    return {
      access_token: fresh('access'),
      refresh_token: refreshToken,
      token_type: 'bearer',
      expires_in: 3_600,
      ...more,
    }
  }

  const refused = (error: string) => [400, { error }] as const
  const answer = (url: string, form: URLSearchParams): readonly [number, object] => {
    if (url.endsWith('/revoke')) {
      grants.delete(form.get('token') ?? '')
      return [200, {}]
    }
    if (form.get('grant_type') === 'refresh_token') {
      const given = form.get('refresh_token') ?? ''
      const person = grants.get(given)
      grants.delete(given)
      return person === undefined ? refused('invalid_grant') : [200, tokens(person)]
    }
    const given = form.get('code') ?? ''
    const code = codes.get(given)
    codes.delete(given)
    const proven = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    return code === undefined || proven !== code.challenge || form.get('redirect_uri') !== code.redirectUri
      ? refused('invalid_grant')
      : [200, tokens(code.person, { id_token: idToken(code) })]
  }

  const provider: Provider = {
    down: false,
    consent: (url, person) => {
      const asked = new URL(url).searchParams
      const code = fresh('code')
      const redirectUri = asked.get('redirect_uri') ?? ''
      codes.set(code, {
        person,
        redirectUri,
        challenge: asked.get('code_challenge') ?? '',
        nonce: asked.get('nonce'),
      })
      return `${redirectUri}?${new URLSearchParams({ code, state: asked.get('state') ?? '', iss: issuer })}`
    },
    forget: (person) => {
      for (const [token, of] of grants) if (of === person) grants.delete(token)
    },
    requests: () => requests,
    isLive: (person) => [...grants.values()].includes(person),
    http: {
      send: ({ url, body }: HttpRequest) => {
        if (provider.down) return TE.left({ _tag: 'NotSent', cause: 'connection', reason: 'ECONNREFUSED' })
        const form = new URLSearchParams(O.isSome(body) ? Secret.open(body.value) : '')
        requests.push(form.get('grant_type') ?? 'revocation')
        const [status, said] = answer(url, form)
        const response: HttpResponse = {
          status,
          header: (name) => (name === 'content-type' ? O.some('application/json') : O.none),
          body: Secret.make('Body', JSON.stringify(said)),
        }
        return TE.right(response)
      },
    },
  }
  return provider
}
