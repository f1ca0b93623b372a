/** A server that reads a request and answers with a constant: the floor under every server on node:http. */
import { createServer } from "node:http";

const body = '{"model_name":"m","outputs":[{"name":"y","datatype":"FP32","shape":[1,2],"data":[0.1,0.2]}]}';
const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
    response.end(body);
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1");
