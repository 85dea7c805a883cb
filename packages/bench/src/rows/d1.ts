import type { Row } from '../Row.js'
import { renewals } from './renewals.js'

export const d1: Row = {
  name: 'D1',
  title: 'A renewal over the wire',
  work: 'a token by client credentials over loopback, one after the other',
  floor: 'a request written beforehand on a raw socket that stays open, and `JSON.parse`',
  goal: '≤ 1.6, 2.5 times as fast as the best peer',
  seconds: 80,
  quickSeconds: 20,
  run: (context) =>
    renewals(
      {
        row: 'D1',
        width: 1,
        count: 200,
        rounds: context.isQuick ? 5 : 21,
        limit: 1.6,
        timesBestPeer: 2.5,
      },
      context,
    ),
}
