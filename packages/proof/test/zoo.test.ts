/** Every broken specimen is rejected, and no honest one. `npm run proof zoo` prints by which law. */
import { properties } from '@tessera/testing'
import { leftOut } from '../../tools/jest/needs.js'
import { judging, modes } from '../src/copies/judging.js'
import { coreLoader } from '../src/copies/loadCore.js'
import { withAnotherAccount } from '../src/mutants/around.js'
import { mutants } from '../src/mutants/index.js'
import { isRight, tryOut } from '../src/zoo/trial.js'
import { zoo } from '../src/zoo/zoo.js'

const all = zoo()
const specimens = all.filter(({ isSlow = false }) => !isSlow)

leftOut('redis-server', 'an honest store over Redis')

test('there are enough, and of every kind', () => {
  const broken = all.filter(({ isHonest }) => !isHonest)
  expect(broken.length).toBeGreaterThanOrEqual(40)
  expect(all.length - broken.length).toBeGreaterThanOrEqual(8)
  expect(new Set(broken.map(({ kind }) => kind))).toEqual(new Set(['store', 'source', 'strategy', 'step']))
  expect(new Set(all.map(({ kind, name }) => `${kind} ${name}`)).size).toBe(all.length)
})

test('each property that interleavings may break is broken by one', () => {
  const tried = mutants.flatMap(({ judges: { interleavings } }) =>
    interleavings === undefined || interleavings.isSlow ? [] : [interleavings.property],
  )
  // That every call settles is judged in all of them.
  expect([...new Set(tried), 'every call settles'].sort()).toEqual([...properties].sort())
})

test('the decorated strategy of a mutant is harmless in the real code', async () => {
  await judging(
    coreLoader()(),
    modes['grace until use'],
    { decorate: withAnotherAccount },
    {
      properties: ['lineage kept'],
      focus: { serverFaults: ['lost request', 'lost answer', 'late answer', 'throttled', 'busy'] },
      numRuns: 300,
    },
  ).run()
})

test.each(
  specimens.map(
    (specimen) => [specimen.isHonest ? 'honest' : 'broken', specimen.kind, specimen.name, specimen] as const,
  ),
)('%s %s: %s', async (_honest, _kind, _name, specimen) => {
  const verdict = await tryOut(specimen, 1)
  expect(isRight(verdict) ? 'judged rightly' : verdict.broken).toBe('judged rightly')
})
