// Java's two clients, with the fields that they send by themselves: java Client.java http|url METHOD URL CA_FILE
// Prints the status, a space and the body.
import java.io.FileInputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

class Client {
  public static void main(String[] words) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (FileInputStream file = new FileInputStream(words[3])) {
      store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(null, trust.getTrustManagers(), null);
    boolean post = words[1].equals("POST");
    byte[] body = "{\"title\":\"x\"}".getBytes();

    if (words[0].equals("url")) {
      HttpsURLConnection.setDefaultSSLSocketFactory(tls.getSocketFactory());
      HttpURLConnection connection = (HttpURLConnection) URI.create(words[2]).toURL().openConnection();
      connection.setRequestMethod(words[1]);
      if (post) {
        connection.setRequestProperty("Content-Type", "application/json");
        connection.setDoOutput(true);
        connection.getOutputStream().write(body);
      }
      System.out.print(connection.getResponseCode() + " " + new String(connection.getInputStream().readAllBytes()));
      return;
    }
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(words[2]));
    if (post) request.header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofByteArray(body));
    HttpResponse<String> answer =
        HttpClient.newBuilder().sslContext(tls).build().send(request.build(), HttpResponse.BodyHandlers.ofString());
    System.out.print(answer.statusCode() + " " + answer.body());
  }
}
