// What a servlet container makes of a request: Tomcat's own mapping of paths, parameters, cookies and headers.
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;

class TomcatReader {
  static String text(String value) {
    if (value == null) return "null";
    StringBuilder out = new StringBuilder("\"");
    for (char c : value.toCharArray()) {
      if (c == '"' || c == '\\' || c < ' ') out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    return out.append('"').toString();
  }

  static class Reading extends HttpServlet {
    final String route;

    Reading(String route) {
      this.route = route;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
      String path = request.getPathInfo() == null ? "" : request.getPathInfo().substring(1);
      String shown = route;
      if (route.equals("jobs")) {
        shown = path.matches("[^/]+:delete") ? "admin" : path.matches("[^/]+:cancel") ? "doc" : "none";
        path = path.replaceFirst(":[a-z]+$", "");
      }
      String theme = null;
      if (request.getCookies() != null) {
        for (Cookie cookie : request.getCookies()) {
          if (cookie.getName().equals("theme") && theme == null) theme = cookie.getValue();
        }
      }
      List<String> fields = new ArrayList<>();
      for (String name : Collections.list(request.getHeaderNames())) fields.add(text(name.toLowerCase()));
      response.setContentType("application/json");
      response.setCharacterEncoding("utf-8");
      response.getWriter().print("{\"route\":" + text(shown) + ",\"doc\":" + text(path.isEmpty() ? null : path)
          + ",\"q\":" + text(request.getParameter("q")) + ",\"tenant\":" + text(request.getHeader("X-Tenant"))
          + ",\"theme\":" + text(theme) + ",\"fields\":" + fields + "}");
    }
  }

  public static void main(String[] words) throws Exception {
    Logger.getLogger("").setLevel(Level.SEVERE);
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(Files.createTempDirectory("tomcat").toString());
    tomcat.setPort(0);
    Context context = tomcat.addContext("", null);
    String[][] mapped = {{"admin", "/docs/admin"}, {"doc", "/docs/*"}, {"jobs", "/jobs/*"}, {"none", "/"}};
    for (String[] one : mapped) {
      Tomcat.addServlet(context, one[0], new Reading(one[0]));
      context.addServletMappingDecoded(one[1], one[0]);
    }
    tomcat.getConnector();
    tomcat.start();
    System.out.println("port " + tomcat.getConnector().getLocalPort());
    tomcat.getServer().await();
  }
}
