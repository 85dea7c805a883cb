/**
 * Whom a token is to stand for.
 */
import * as O from 'fp-ts/lib/Option.js'

export type Principal =
  | { readonly _tag: 'Login' }
  | { readonly _tag: 'Service' }
  | { readonly _tag: 'User'; readonly id: string }

/** Reads `login`, `service` or `user:ID`. */
export const parsePrincipal = (text: string): O.Option<Principal> => {
  if (text === 'login') return O.some({ _tag: 'Login' })
  if (text === 'service') return O.some({ _tag: 'Service' })
  const [, id] = /^user:(\d+)$/.exec(text) ?? []
  return id === undefined ? O.none : O.some({ _tag: 'User', id })
}

/** The same text again. */
export const showPrincipal = (principal: Principal): string =>
  principal._tag === 'User' ? `user:${principal.id}` : principal._tag.toLowerCase()
