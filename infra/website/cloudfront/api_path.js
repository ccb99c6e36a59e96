// What the page calls /api/auth is the API's /auth: the API has one address for every client.
function handler(event) {
  var request = event.request
  request.uri = request.uri.replace(/^\/api\//, '/')
  return request
}
