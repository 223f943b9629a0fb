/** Runs Trino in this process, and ends when its standard input does: so it never outlives the test that started it. */
public class TrinoServer {
    public static void main(String[] arguments) {
        Thread watch = new Thread(() -> {
            try {
                System.in.readAllBytes();
            } catch (java.io.IOException closed) {
                // As good as its end.
            }
            Runtime.getRuntime().halt(0);
        });
        watch.setDaemon(true);
        watch.start();
        new io.trino.server.Server().start(arguments[0]);
    }
}
