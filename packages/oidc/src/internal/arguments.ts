import type { Argument } from '@tessera/core'
import { AuthorizationServer, Client } from '@tessera/oauth2'
import * as t from 'io-ts'

export const CLIENT: Argument = { is: Client.is, expected: 'what Client.make makes' }

/** A client, or a server in its place. */
export const CLIENT_OR_SERVER: Readonly<Record<'client' | 'server', Argument>> = {
  client: {
    is: (value, { server }) => (value === undefined ? server !== undefined : Client.is(value) && server === undefined),
    expected: 'what Client.make makes',
  },
  server: {
    is: (value) => value === undefined || AuthorizationServer.is(value),
    expected: 'what AuthorizationServer.make or discovery makes',
  },
}

export const KEYS: Argument = {
  is: (value) =>
    t.UnknownRecord.is(value) && typeof value['verify'] === 'function' && Array.isArray(value['algorithms']),
  expected: 'what jwks or clientSecretKeys makes',
}

export const FUNCTION: Argument = { is: (value) => typeof value === 'function', expected: 'a function' }

/** An option that may be left out. */
export const optional = ({ is, expected }: Argument): Argument => ({
  is: (value, options) => value === undefined || is(value, options),
  expected,
})

export const CODEC: Argument = {
  is: (value) => t.UnknownRecord.is(value) && typeof value['decode'] === 'function',
  expected: 'a codec of io-ts',
}

export const SOURCE: Argument = {
  is: (value) => t.UnknownRecord.is(value) && typeof value['login'] === 'function',
  expected: 'a source, such as TokenSource.make opens',
}

export const TEXT: Argument = { is: (value) => typeof value === 'string', expected: 'a text' }

export const ID_TOKEN: Argument = {
  is: (value) => t.UnknownRecord.is(value) && typeof value['sub'] === 'string' && value['sub'] !== '',
  expected: 'the claims of an ID token, with its sub',
}
