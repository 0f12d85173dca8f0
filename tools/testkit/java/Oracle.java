import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/**
 * Answers requests about a Kafka cluster with Kafka's own clients, so that tests have a second opinion that shares no
 * code with what they test. One request a line on standard input: {"op": "...", "bootstrapServers": "...", ...}.
 * Answers, a line each: any number of {"record": {...}}, then {"result": ...} or {"error": "..."}.
 * Offsets and timestamps are decimal strings, bytes are base64 or null.
 */
public final class Oracle {
    static final ObjectMapper JSON = new ObjectMapper();

    private final JsonGenerator out;
    private final ProducerSessions producers = new ProducerSessions();

    private Oracle(OutputStream stream) throws IOException {
        out = JSON.getFactory().createGenerator(stream);
        out.setRootValueSeparator(null);
    }

    public static void main(String[] args) throws Exception {
        OutputStream stream = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16);
        new Oracle(stream).serve(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 16));
        // The clients' threads must not keep a process that nobody talks to any more.
        Runtime.getRuntime().halt(0);
    }

    private void serve(BufferedReader requests) throws IOException {
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            try {
                answer(JSON.readTree(line));
            } catch (Exception failure) {
                Throwable cause = failure instanceof java.util.concurrent.ExecutionException ? failure.getCause() : failure;
                out.writeStartObject();
                out.writeStringField("error", cause.getClass().getSimpleName() + ": " + cause.getMessage());
                out.writeEndObject();
            }
            out.writeRaw('\n');
            out.flush();
        }
    }

    private void answer(JsonNode request) throws Exception {
        String op = request.get("op").asText();
        Object result = switch (op) {
            case "read" -> RecordReader.read(request, out);
            case "group.next" -> RecordReader.next(request);
            case "producer.open" -> producers.open(request);
            case "producer.run" -> producers.run(request);
            case "producer.close" -> producers.close(request);
            default -> Administration.run(op, request);
        };
        out.writeStartObject();
        out.writeFieldName("result");
        JSON.writeValue(out, result);
        out.writeEndObject();
    }

    /** Client properties of a request: where the cluster is and whatever else the test configures. */
    static Properties clientProperties(JsonNode request) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", request.get("bootstrapServers").asText());
        request.path("clientConfig").properties().forEach(entry -> properties.put(entry.getKey(), entry.getValue().asText()));
        return properties;
    }
}
