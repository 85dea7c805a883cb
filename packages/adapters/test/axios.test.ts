import { Agent } from 'node:http'
import axios, { type AxiosInstance } from 'axios'
import { axiosAdapter } from '../src/axios.js'
import type { Rig } from './support/rig.js'
import { testAdapter } from './support/testAdapter.js'

const clientOf = ({ tokens, server }: Rig, sender: 'http' | 'fetch' = 'http'): AxiosInstance =>
  axios.create({
    baseURL: `${server.url}/2.0`,
    httpAgent: new Agent({ keepAlive: true, maxSockets: 32 }),
    adapter: axiosAdapter({ tokens, origins: [server.url], adapter: axios.getAdapter(sender) }),
  })

testAdapter('axios', (rig) => {
  const api = clientOf(rig)
  return { use: () => api.get('/users/me') }
})
