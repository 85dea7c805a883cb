/**
 * Who signs assertions, for row C1.
 */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { NodeEnv } from '@tessera/node'
import { FLOOR, OURS } from '../Case.js'
import type { Contender } from '../Contender.js'
import { bareAssertion, bareAssertionAside } from '../limit.js'
import { signing } from '../ours.js'
import { signers } from '../peers/index.js'
import type { Ask, SigningKey } from '../peers/Peer.js'

export const ON_LOOP = `${OURS}, on the event loop`

/** As long as an assertion is. */
const INPUT = Buffer.alloc(400, 'a')

/** `crypto.sign` with a parsed key, on the event loop. */
export const bareSignature = async ({ plain }: SigningKey): Promise<Ask> => {
  const key = createPrivateKey(plain)
  return async () => sign('sha256', INPUT, key)
}

const aside = async ({ plain }: SigningKey): Promise<Ask> => {
  const key = createPrivateKey(plain)
  const signAside = promisify<string, Buffer, KeyObject, Buffer>(sign)
  return () => signAside('sha256', INPUT, key)
}

const bare = async ({ plain }: SigningKey): Promise<Ask> => {
  const assertion = bareAssertion(createPrivateKey(plain))
  return async () => assertion()
}

const bareAside = async ({ plain }: SigningKey): Promise<Ask> => bareAssertionAside(createPrivateKey(plain))

/** Everybody who can sign. */
export const contenders = (env: NodeEnv): ReadonlyArray<Contender<SigningKey>> => [
  { name: FLOOR, role: 'floor', open: bareSignature },
  { name: 'an assertion by `node:crypto` alone, on the event loop', role: 'limit', open: bare },
  { name: '`crypto.sign` alone, off it', role: 'limit', open: aside },
  { name: 'an assertion by `node:crypto` alone, off it', role: 'limit', open: bareAside },
  { name: OURS, role: 'ours', open: (key) => signing(key, env, false) },
  { name: ON_LOOP, role: 'ours', open: (key) => signing(key, env, true) },
  ...signers.map(({ name, open }) => ({ name, role: 'peer' as const, open })),
]
