/**
 * A token as other programs read it from a command: one text a format.
 */
import { Secret, type TokenSet } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { tokenJson } from '../tokenJson.js'
import type { Format, Helper } from './names.js'

/** What a format may depend on besides the token. */
export interface Surroundings {
  readonly variables: Readonly<Record<string, string | undefined>>
  /** The variable that `env` sets. */
  readonly variable: string
}

type Print = (token: TokenSet, surroundings: Surroundings) => string

const bearer = ({ accessToken }: TokenSet): string => `Bearer ${Secret.open(accessToken)}`

const iso = ({ expiresAt }: TokenSet): string | undefined =>
  pipe(
    expiresAt,
    O.map((at) => new Date(at).toISOString()),
    O.toUndefined,
  )

/** A word of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const VERSION = 'client.authentication.k8s.io/v1'

/** The version that kubectl asks for; it takes no other. */
const execVersion = ({ KUBERNETES_EXEC_INFO: info }: Surroundings['variables']): string =>
  /"apiVersion"\s*:\s*"(client\.authentication\.k8s\.io\/v1(?:beta1)?)"/.exec(info ?? '')?.[1] ?? VERSION

/** The formats that are a text, each of them a whole output. */
export const printed: Readonly<Record<Exclude<Format, Helper | 'google'>, Print>> = {
  text: ({ accessToken }) => Secret.open(accessToken),
  json: (token) => JSON.stringify(tokenJson(token), undefined, 2),
  // As a program that Claude Code, for one, runs for the headers of a server.
  headers: (token) => JSON.stringify({ Authorization: bearer(token) }),
  env: ({ accessToken }, { variable }) => `export ${variable}=${quoted(Secret.open(accessToken))}`,
  // The quoted form of curl's configuration files.
  curl: (token) => `header = "Authorization: ${bearer(token).replaceAll(/[\\"]/g, '\\$&')}"`,
  // https://kubernetes.io/docs/reference/config-api/client-authentication.v1/
  kubectl: (token, { variables }) =>
    JSON.stringify({
      apiVersion: execVersion(variables),
      kind: 'ExecCredential',
      status: { token: Secret.open(token.accessToken), expirationTimestamp: iso(token) },
    }),
}
