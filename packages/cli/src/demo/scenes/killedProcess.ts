import { withFleet } from '../fleet.js'
import { HOLD, killedAtTheWorstMoment } from '../killed.js'
import { check, counted, type Scene } from '../Scene.js'
import type { World } from '../World.js'

const PROCESSES = 3

export const killedProcess: Scene<World> = {
  title: 'a process was killed',
  play: (world) =>
    withFleet(world, `file:${world.folder}/killed`, PROCESSES, async (fleet) => {
      const { further, checks } = await killedAtTheWorstMoment(world, fleet)
      return {
        text: `SIGKILL between rotation and save: its ${HOLD} s waited out, ${counted(further, 'request')}, nobody logs in again`,
        checks: [...checks, check('what they wrote', '', fleet.written())],
      }
    }),
}
