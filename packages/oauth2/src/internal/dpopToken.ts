import type { TokenSet } from '@tessera/core'

/** Whether a token is bound to a key, and sent as such (RFC 9449 §7.1). */
export const isDpopToken = ({ tokenType }: Pick<TokenSet, 'tokenType'>): boolean => tokenType.toLowerCase() === 'dpop'
