import type { Row } from '../Row.js'
import { renewals } from './renewals.js'

export const d2: Row = {
  name: 'D2',
  title: 'Renewals over the wire, 50 at a time',
  work: 'the same with 50 under way',
  floor: 'the same, on 50 sockets',
  goal: '≤ 3.3, no peer faster',
  seconds: 110,
  quickSeconds: 20,
  isLogarithmic: true,
  run: (context) =>
    renewals({ row: 'D2', width: 50, count: 1_000, rounds: context.isQuick ? 5 : 17, limit: 3.3 }, context),
}
