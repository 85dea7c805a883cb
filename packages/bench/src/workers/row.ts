/**
 * Measures one row and says what it finds: `node row.js NAME SEED quick|whole`, forked by `measureRow.ts`.
 */
import type { Said } from '../measureRow.js'
import { makeRandom } from '../random.js'
import { rows } from '../rows/index.js'

const say = (said: Said): Promise<void> =>
  new Promise((resolve) => process.send?.(said, undefined, undefined, () => resolve()))

const measured = async (): Promise<Said> => {
  try {
    const [, , name, seed, extent] = process.argv
    const row = rows.find((each) => each.name === name)
    if (row === undefined) throw new Error(`there is no row ${name}`)
    const results = await row.run({
      isQuick: extent === 'quick',
      random: makeRandom(Number(seed)),
      progress: (done, of) => void say({ _tag: 'Progress', done, of }),
      picture: (picture, svg) => void say({ _tag: 'Picture', name: picture, svg }),
    })
    return { _tag: 'Finished', results }
  } catch (error) {
    return { _tag: 'Broken', problem: error instanceof Error ? error.message : String(error) }
  }
}

// Whoever wanted to know is gone.
process.once('disconnect', () => process.exit(1))
await say(await measured())
// Some peers keep connections and timers.
process.exit()
