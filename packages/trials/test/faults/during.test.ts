import { setImmediate as turn } from 'node:timers/promises'
import { during } from '../../src/faults/during.js'
import { scoped } from '../../src/faults/scoped.js'

describe('what goes on during something', () => {
  const loops = () => {
    const ended: number[] = []
    const loop = (number: number) => async (isOver: () => boolean) => {
      while (!isOver()) await turn()
      ended.push(number)
    }
    return { ended, all: [loop(1), loop(2)] }
  }

  test('ends with it', async () => {
    const { ended, all } = loops()
    expect(await during(all, async () => 'done')).toBe('done')
    expect(ended).toEqual([1, 2])
  })

  test('[A08] ends with it also where it throws', async () => {
    const { ended, all } = loops()
    const thrown = during(all, async () => {
      await turn()
      throw new Error('no other primary')
    })
    await expect(thrown).rejects.toThrow('no other primary')
    expect(ended).toEqual([1, 2])
  })

  test('is told where it throws itself, when the rest has ended', async () => {
    const { ended, all } = loops()
    const broken = async () => {
      throw new Error('broken')
    }
    await expect(during([broken, ...all], async () => turn())).rejects.toThrow('broken')
    expect(ended).toEqual([1, 2])
  })
})

describe('a scope', () => {
  test('ends what it has opened, the last first, and where it throws', async () => {
    const ended: string[] = []
    const open = (fails: boolean) =>
      scoped(async (defer) => {
        for (const name of ['servers', 'client']) defer(async () => ended.push(name))
        if (fails) throw new Error('no other primary')
        return 'done'
      })
    expect(await open(false)).toBe('done')
    await expect(open(true)).rejects.toThrow('no other primary')
    expect(ended).toEqual(['client', 'servers', 'client', 'servers'])
  })

  test('ends the rest where one cannot be ended, and says so', async () => {
    const ended: string[] = []
    const scope = scoped(async (defer) => {
      defer(() => ended.push('servers'))
      defer(() => {
        throw new Error('stuck')
      })
    })
    await expect(scope).rejects.toThrow('stuck')
    expect(ended).toEqual(['servers'])
  })
})
