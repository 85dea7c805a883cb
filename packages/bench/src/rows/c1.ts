import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { nodeEnv } from '@tessera/node'
import { type Case, FLOOR, OURS, type Role } from '../Case.js'
import { atMost, measureAll, ratioResults } from '../compare.js'
import { bareAssertion } from '../limit.js'
import { makeKey } from '../makeKey.js'
import { signing } from '../ours.js'
import { signers } from '../peers/index.js'
import type { Ask, SigningKey } from '../peers/Peer.js'
import type { Row } from '../Row.js'
import { timeOfEach } from '../timing.js'

const ASSERTIONS = 30
const ON_LOOP = `${OURS}, on the event loop`

/** As long as an assertion is. */
const INPUT = Buffer.alloc(400, 'a')

const floor = async ({ plain }: SigningKey): Promise<Ask> => {
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

const asserting = (name: string, role: Role, open: () => Promise<Ask>): Case => ({
  name,
  role,
  open: async () => {
    const ask = await open()
    return { measure: async () => ({ value: await timeOfEach(ask, ASSERTIONS) }) }
  },
})

export const c1: Row = {
  name: 'C1',
  title: 'A signed assertion',
  work: 'an assertion by RS256 with a key of 2048 bits, from an encrypted PEM, without a network; one after the other',
  floor: '`crypto.sign` with a parsed key, on the event loop',
  goal: '≤ 1.03 on the event loop, ≤ 1.25 off it',
  seconds: 14,
  quickSeconds: 5,
  run: async (context) => {
    const key = makeKey()
    const env = nodeEnv()
    const measured = await measureAll(
      context,
      [
        asserting(FLOOR, 'floor', () => floor(key)),
        asserting('an assertion by `node:crypto` alone', 'limit', () => bare(key)),
        asserting('`crypto.sign`, off the event loop', 'limit', () => aside(key)),
        asserting(OURS, 'ours', () => signing(key, env, false)),
        asserting(ON_LOOP, 'ours', () => signing(key, env, true)),
        ...signers.map(({ name, open }) => asserting(name, 'peer', () => open(key))),
      ],
      { rounds: context.isQuick ? 5 : 31 },
    )
    return ratioResults('C1', measured, (name) => atMost(name === ON_LOOP ? 1.03 : 1.25), context.random)
  },
}
