// The attacks of a foreign page, in the browser of a developer with a local run.
// Each attempt returns what it could read; a blocked attempt throws or returns ''.

window.read = async (url, options = {}) => {
  const response = await fetch(url, options)
  return `${response.status} ${await response.text()}`
}

window.fire = (url, options = {}) => fetch(url, { mode: 'no-cors', ...options }).then(() => '')

window.script = (url) =>
  new Promise((done) => {
    const element = document.createElement('script')
    element.onload = () => done('')
    element.onerror = () => done('')
    element.src = url
    document.head.append(element)
  })

window.image = (url) =>
  new Promise((done) => {
    const element = new Image()
    element.onload = () => done(`an image of ${element.width}`)
    element.onerror = () => done('')
    element.src = url
  })

window.iframe = (url) =>
  new Promise((done) => {
    const element = document.createElement('iframe')
    element.onload = () => {
      try {
        done(element.contentDocument.body.innerText)
      } catch {
        done('') // of another origin
      }
      element.remove()
    }
    element.src = url
    document.body.append(element)
  })

// A form needs no permission: its body is text that may look like JSON.
window.form = (url, name, value, enctype) =>
  new Promise((done) => {
    const target = document.createElement('iframe')
    target.name = `target-${Math.random()}`
    document.body.append(target)
    const element = document.createElement('form')
    Object.assign(element, { action: url, method: 'POST', enctype, target: target.name })
    const input = document.createElement('input')
    Object.assign(input, { name, value })
    element.append(input)
    document.body.append(element)
    target.onload = () => done('')
    element.submit()
  })

window.socket = (url) =>
  new Promise((done) => {
    const socket = new WebSocket(url)
    socket.onopen = () => done('open')
    socket.onerror = () => done('')
  })

window.attempt = async (expression) => {
  try {
    return String((await eval(expression)) ?? '')
  } catch {
    return ''
  }
}
