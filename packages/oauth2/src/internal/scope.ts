import type { Parameter } from '../Grant.js'
import type { Provider } from '../Provider.js'

/** `scope`, as the provider wants it; nothing where none is asked for. */
export const scopeParameter = ({ scopeSeparator }: Provider, scope: ReadonlyArray<string>): ReadonlyArray<Parameter> =>
  scope.length === 0 ? [] : [['scope', scope.join(scopeSeparator.request)]]

/** The scopes of a login: those that were named, and where a refresh token is asked for, those that ask for one. */
export const scopeAsked = (
  { offline }: Provider,
  asked: { readonly scope: ReadonlyArray<string> | undefined; readonly offline: boolean | undefined },
): ReadonlyArray<string> =>
  Array.from(new Set([...(asked.scope ?? []), ...(asked.offline === true ? offline.scope : [])]))

/**
 * The scopes of an answer. A list is one, whoever sends it: refused, it would cost a refresh token that was rotated. A space is
 * between scopes everywhere, since no scope has one (RFC 6749 §3.3).
 */
export const grantedScopes = (
  { scopeSeparator }: Provider,
  scope: string | ReadonlyArray<string>,
): ReadonlyArray<string> => {
  const text = typeof scope === 'string' ? scope : scope.join(' ')
  if (text === '') return []
  return text.split(scopeSeparator.answer === ',' ? /[ ,]/ : ' ').filter((each) => each !== '')
}
