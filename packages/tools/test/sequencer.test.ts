/** The files that take longest are begun first. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Sequencer from '../jest/sequencer.cjs'

const ROOT = join(__dirname, '..', '..', '..')

test('each of them is there', () => {
  expect(Sequencer.LONGEST.filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
})
