import type { Row } from '../Row.js'
import { renewals } from './renewals.js'

export const d1: Row = {
  name: 'D1',
  title: 'A renewal over the wire',
  work: "a token by client credentials over loopback, one after the other, from a server that does not sleep in between: how long a core takes to wake is the machine's",
  floor: 'a request written beforehand on a raw socket that stays open, and `JSON.parse`',
  goal: '≤ 1.1 times undici, 1.35 through a source; 2.5 times as fast as the best peer',
  seconds: 100,
  quickSeconds: 20,
  run: (context) =>
    renewals(
      {
        row: 'D1',
        width: 1,
        count: 400,
        rounds: context.isQuick ? 5 : 21,
        isAwake: true,
        timesUndici: { strategy: 1.1, source: 1.35 },
        timesBestPeer: 2.5,
      },
      context,
    ),
}
