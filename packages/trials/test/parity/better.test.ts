/** The judge of what is better: only a law that fails is a failure. */
import { judged } from './support/better.js'

const law = async (number: number): Promise<void> => expect(number).toBe(1)

test('a law that holds, and one that fails', async () => {
  expect(await judged({ law }, () => 1)).toBeUndefined()
  expect((await judged({ law }, () => 2))?.message).toContain('toBe')
})

test('a call that rejects where it should not fails a law', async () => {
  const succeeds = async (call: () => Promise<number>): Promise<void> => expect(call()).resolves.toBe(1)
  expect(await judged({ law: succeeds }, () => async () => 1)).toBeUndefined()
  expect(await judged({ law: succeeds }, () => () => Promise.reject(new Error('no')))).toBeDefined()
})

test('a side that breaks is no verdict', async () => {
  const breaks = (): never => {
    throw new TypeError('the model is broken')
  }
  await expect(judged({ law }, breaks)).rejects.toThrow('the model is broken')
  await expect(judged({ law: breaks }, () => 1)).rejects.toThrow('the model is broken')
})
