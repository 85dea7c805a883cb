/** Every broken specimen is rejected, and no honest one. `npm run zoo` prints by which law. */
import { leftOut } from '../../scripts/jest/needs.js'
import { isRight, tryOut } from '../src/trial.js'
import { zoo } from '../src/zoo.js'

const specimens = zoo().filter(({ isSlow = false }) => !isSlow)

leftOut('redis-server', 'an honest store over Redis')

test('there are enough, and of every kind', () => {
  const broken = specimens.filter(({ isHonest }) => !isHonest)
  expect(broken.length).toBeGreaterThanOrEqual(40)
  expect(specimens.length - broken.length).toBeGreaterThanOrEqual(8)
  expect(new Set(broken.map(({ kind }) => kind))).toEqual(new Set(['store', 'source', 'strategy', 'step']))
  expect(new Set(specimens.map(({ kind, name }) => `${kind} ${name}`)).size).toBe(specimens.length)
})

test.each(
  specimens.map(
    (specimen) => [specimen.isHonest ? 'honest' : 'broken', specimen.kind, specimen.name, specimen] as const,
  ),
)('%s %s: %s', async (_honest, _kind, _name, specimen) => {
  const verdict = await tryOut(specimen, 1)
  expect(isRight(verdict) ? 'judged rightly' : verdict.broken).toBe('judged rightly')
})
