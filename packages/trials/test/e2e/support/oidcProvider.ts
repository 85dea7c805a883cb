/** What tests do at oidc-provider, a certified server. */
import { CellCodec, instant, type TokenSet, type TokenStore } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { request } from 'undici'
import { right } from '../../support/either.js'
import type { Child } from './child.js'

/** How often it was asked for a grant. */
export const askedFor = async ({ url }: Child, grantType: string): Promise<number> => {
  const { body } = await request(`${url}/test/counts`)
  return ((await body.json()) as Record<string, number>)[grantType] ?? 0
}

/** Has the token of the session `ann` be of yesterday, with nobody who has renewed it yet. */
export const expire = async (store: TokenStore): Promise<void> => {
  const { version, record } = right(await store.get('ann')())
  const cell = right(CellCodec.decode(record))
  const expiresAt = O.some(instant(0))
  const next = { ...cell, token: O.map((token: TokenSet) => ({ ...token, expiresAt }))(cell.token) }
  right(await store.compareAndSet('ann', version, { version: `${version}.`, record: CellCodec.encode(next) })())
}
