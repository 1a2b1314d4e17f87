// Tomcat, which drops path parameters and resolves dot segments before it looks for a servlet; told to decode encoded
// slashes and to take backslashes for slashes too.

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.File;
import java.io.FileWriter;
import java.io.IOException;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;

public class TomcatOrigin {
    static synchronized void ran(HttpServletRequest request, HttpServletResponse response, String what) throws IOException {
        String probe = request.getHeader("X-Probe");
        try (FileWriter log = new FileWriter(System.getenv("ORIGIN_LOG"), true)) {
            log.write((probe == null ? "-" : probe) + " " + what + "\n");
        }
        response.getWriter().print(what);
    }

    static String methodOf(HttpServletRequest request) {
        for (String name : new String[] {"X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"}) {
            String said = request.getHeader(name);
            if (said != null) return said.toUpperCase();
        }
        return request.getMethod();
    }

    static boolean isPaidHost(HttpServletRequest request) {
        String forwarded = request.getHeader("X-Forwarded-Host");
        String host = forwarded == null ? request.getServerName() : forwarded;
        return host.split(",")[0].trim().replaceAll(":\\d*$", "").replaceAll("\\.$", "").equalsIgnoreCase("paid.example");
    }

    interface Choice {
        String of(HttpServletRequest request);
    }

    static void say(Context context, Choice choice, String... patterns) {
        String name = String.join(" ", patterns);
        Tomcat.addServlet(context, name, new HttpServlet() {
            @Override
            protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
                ran(request, response, choice.of(request));
            }
        });
        for (String pattern : patterns) context.addServletMappingDecoded(pattern, name);
    }

    public static void main(String[] arguments) throws Exception {
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(arguments[0]);
        Connector connector = new Connector();
        connector.setProperty("address", "127.0.0.1");
        connector.setPort(Integer.parseInt(System.getenv("PORT")));
        connector.setEncodedSolidusHandling("decode");
        connector.setProperty("allowBackslash", "true");
        connector.setProperty("relaxedPathChars", "\"<>[\\]^`{|}");
        connector.setAllowBackslash(true);
        tomcat.setConnector(connector);
        Context context = tomcat.addContext("", new File(arguments[0]).getAbsolutePath());
        say(context, request -> "paid", "/paid/report", "/paid/report/*", "/vault/*", "/sold/*", "/closed");
        say(context, request -> methodOf(request).equals("POST") ? "paid" : "free", "/jobs");
        say(context, request -> isPaidHost(request) ? "paid" : "free", "/vhost/*");
        say(context, request -> "free", "/free/*");
        say(context, request -> "open", "/open/*");
        say(context, request -> "paid", "/Case/Gold");
        say(context, request -> "free", "/Case/gold");
        tomcat.start();
        tomcat.getServer().await();
    }
}
