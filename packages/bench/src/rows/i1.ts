import { connect } from 'node:net'
import { isInstalled, leftOut } from '../agents/programs.js'
import { askAlong, askOnce, byContentLength, byLength, toTheEnd } from '../agents/socket.js'
import { type Machine, withMachine } from '../agents/withMachine.js'
import { type Case, OURS } from '../Case.js'
import { atMost, every, type Measured, measureAll, nothingFails, valueResult } from '../compare.js'
import type { Context, Result, Row } from '../Row.js'

const GET = 'GET /token HTTP/1.1\r\nHost: broker\r\n\r\n'
const LAST = 'GET /token HTTP/1.1\r\nHost: broker\r\nConnection: close\r\n\r\n'

/** SSH_AGENTC_REQUEST_IDENTITIES, which `ssh-add -l` sends, and its answer's type. */
const IDENTITIES = Buffer.from([0, 0, 0, 1, 11])
const ANSWER = 12

/** Without an account the agent says that there is none; its own clients agree on a key first. */
const ACCOUNT = '{"request":"access_token","account":"none"}'

const hasToken = (answer: Buffer): boolean => answer.includes('"access_token":"')

/** Asks one after the other, and tells how long one takes, in ms. */
const asking = (
  name: string,
  role: Case['role'],
  count: number,
  ask: () => Promise<Buffer>,
  isGood: (answer: Buffer) => boolean,
  close?: () => void,
): Case => ({
  name,
  role,
  open: async () => ({
    measure: async () => {
      let failures = 0
      const startedAt = performance.now()
      for (let at = 0; at < count; at++) if (!isGood(await ask())) failures += 1
      return { value: (performance.now() - startedAt) / count, failures }
    },
    close: async () => close?.(),
  }),
})

const casesOf = ({ broker, sshAgent, oidcAgent }: Machine, count: number): ReadonlyArray<Case> => {
  const staying = connect(broker)
  return [
    asking(OURS, 'ours', count, () => askOnce(broker, LAST, toTheEnd), hasToken),
    asking(
      `${OURS}, along one connection`,
      'ours',
      count,
      () => askAlong(staying, GET, byContentLength),
      hasToken,
      () => void staying.destroy(),
    ),
    ...(isInstalled('ssh-agent')
      ? [
          asking(
            'ssh-agent',
            'peer',
            count,
            () => askOnce(sshAgent, IDENTITIES, byLength),
            (of) => of[4] === ANSWER,
          ),
        ]
      : []),
    ...(isInstalled('oidc-agent')
      ? [
          asking(
            'oidc-agent',
            'peer',
            count,
            () => askOnce(oidcAgent, ACCOUNT, toTheEnd),
            (of) => of.includes('not loaded'),
          ),
        ]
      : []),
  ]
}

const NOTES: Readonly<Record<string, string>> = {
  'ssh-agent': 'lists its keys, of which it has none, as for `ssh-add -l`',
  'oidc-agent': 'says that it has no such account: it has no token without a provider that it can reach',
}

const noted = (result: Result): Result => {
  const note = result.case === OURS ? leftOut(['ssh-agent', 'oidc-agent']) : NOTES[result.case]
  return note === undefined ? result : { ...result, note }
}

const LIMIT = 2

export const i1: Row = {
  name: 'I1',
  title: 'A warm token through a socket of the machine',
  work: '`tessera serve` is asked for a token that it has, by a connection of its own each time, as `brokerStrategy` asks, one after the other; agents of others are asked for what they answer from memory',
  goal: `0 failures, ≤ ${LIMIT} ms`,
  seconds: 30,
  quickSeconds: 10,
  run: (context: Context) =>
    withMachine(async (machine) => {
      const measured: ReadonlyArray<Measured> = await measureAll(
        context,
        casesOf(machine, context.isQuick ? 50 : 500),
        { rounds: context.isQuick ? 5 : 21, warmUp: context.isQuick ? 1 : 4 },
      )
      const goal = every(nothingFails, atMost(LIMIT, ' ms'))
      return measured.map((each) => noted(valueResult('I1', each, 'ms', goal, context.random)))
    }),
}
