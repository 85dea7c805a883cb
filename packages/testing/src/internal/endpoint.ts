import { between, Secret } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Answer, Request } from '../ServerModel.js'
import { formOf, responding, type TransportRequest, type TransportResponse } from '../transport.js'

const PERSONAL = new Set(['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'])

/** What a form asks of the model: its endpoints are told apart by what is sent to them. */
export const requestOf = (request: TransportRequest): Request => {
  const form = formOf(request)
  const grant = form.get('grant_type')
  if (grant === undefined) return { _tag: 'Revoke', token: Secret.make('Token', form.get('token') ?? '') }
  if (grant === 'refresh_token')
    return { _tag: 'Redeem', token: Secret.make('RefreshToken', form.get('refresh_token') ?? '') }
  return { _tag: PERSONAL.has(grant) ? 'LogIn' : 'Issue' }
}

/** The model's answer on the wire. */
export const responseOf = (answer: Answer): TransportResponse => {
  switch (answer._tag) {
    case 'Issued': {
      const { accessToken, issuedAt, expiresAt, refreshToken } = answer.token
      return responding(200, {
        access_token: Secret.open(accessToken),
        token_type: 'bearer',
        ...(O.isSome(issuedAt) &&
          O.isSome(expiresAt) && { expires_in: between(issuedAt.value, expiresAt.value) / 1_000 }),
        ...pipe(
          refreshToken,
          O.match(
            () => ({}),
            (token) => ({ refresh_token: Secret.open(token) }),
          ),
        ),
      })
    }
    case 'InvalidGrant':
      return responding(400, { error: 'invalid_grant' })
    case 'Used':
      return responding(answer.isTaken ? 200 : 401, {})
    case 'Revoked':
      return responding(200, '')
  }
}
