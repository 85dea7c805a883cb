/** One list of mutants, and none that the tests leave out unseen. */
import { mutants } from '../src/mutants/index.js'

test('each has a name of its own, and a judge', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
  expect(mutants.filter(({ judges }) => Object.keys(judges).length === 0)).toEqual([])
})

/** It takes thousands of schedules: `npm run proof explore -- --mutants` tries them. */
const ONLY_COMMANDS = [
  'a login begins after the revoke that was asked for after it',
  'a login begins before the revoke that was asked for before it',
  'a login is answered as it was written, however late',
  'a revoke does not end the login that was asked for before it',
  'a token that waited is not late',
  'an old lease is used',
  "anybody's failure releases the lease",
]

test('those that no test tries are known', () => {
  const left = mutants.filter(({ judges }) =>
    Object.values(judges).every((judge) => typeof judge === 'object' && judge.isSlow === true),
  )
  expect(left.map(({ name }) => name).sort()).toEqual(ONLY_COMMANDS)
})
